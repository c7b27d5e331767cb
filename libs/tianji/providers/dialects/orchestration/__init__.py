"""SAP's orchestration service: chat completions inside a description of the modules that they pass."""
