"""What models on Cloudflare's Workers AI answer when they are run by name."""
