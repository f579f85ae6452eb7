"""What a worker does: pretraining, fine-tuning, evaluation, checkpoints; all of it deterministic on a CPU."""
