"""Whether the control plane and the gateways are well."""
