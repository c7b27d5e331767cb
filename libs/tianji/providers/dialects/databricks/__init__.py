"""What Databricks adds to OpenAI's chat completions for Claude: thoughts as parts of the content."""
