"""How the gateway speaks HTTP to providers and to the control plane."""
