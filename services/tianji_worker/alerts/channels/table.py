"""The table of channels, by the names that `general_settings.alerting` has for them."""

from __future__ import annotations

from tianji_worker.alerts.channels import slack, webhook
from tianji_worker.alerts.channels.contract import Channel

CHANNELS = {
    "slack": Channel("SLACK_WEBHOOK_URL", True, slack.body),
    "webhook": Channel("WEBHOOK_URL", False, webhook.body),
}
