"""Who acts: the Mesa agents, which gather what a rule needs, call it and keep the answer."""
