"""What is done again and again: each job by one worker at a time, and on time over restarts."""
