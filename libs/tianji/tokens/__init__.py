"""How many tokens a text or a request holds, counted here and without any network.

`count` is what others call; `encodings` holds the vocabularies, `prompt` knows what of a request a
model reads, `media` estimates pictures, sounds and files.
"""
