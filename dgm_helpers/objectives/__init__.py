"""Objectives and their parts: pure functions of tensors, in nats unless a name says bits."""
