"""Streaming STUN: prunes mixture-of-experts checkpoints one decoder layer at a time."""
