"""Bedrock's InvokeModel: an envelope around each vendor's own form."""
