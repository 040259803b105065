"""Training and distillation: recipe, data, tokenizer, model, loop, stages, pipeline. Needs the `train` extra."""
