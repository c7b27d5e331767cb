"""Triton's endpoints for language models: `generate`, and `infer` with named tensors."""
