"""Google's generateContent as Gemini and Vertex AI speak it."""
