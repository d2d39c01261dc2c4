"""What we assume: parameters, actors, instruments, scenarios, policies and questions, as typed frozen settings."""
