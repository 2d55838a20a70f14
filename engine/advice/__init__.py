"""What a requester can do: the facts that are missing, the next question, the smallest cures."""
