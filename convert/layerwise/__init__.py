"""Quantizing a checkpoint layer by layer with a calibration text, in bounded memory."""
