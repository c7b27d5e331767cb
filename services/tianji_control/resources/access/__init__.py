"""May X do Y: the answer and the rule that it rests on."""
