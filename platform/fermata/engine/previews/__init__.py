"""What an expression would give, worked out before it runs; and what it could read at its place.

Lives here: ``pool`` (a few killable child processes), ``child`` (what they run: the engine's own evaluator
and nothing else), ``wire`` (what passes between), ``preview`` and ``names`` (what the interface asks for).
May use the engine's queries; nothing here writes. Start reading at ``preview.preview``.

Common confusions: the web process reads an expression's text to see what it needs, but never evaluates it. A
child serves previews alone; executions evaluate in the workers.
"""
