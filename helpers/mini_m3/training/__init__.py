"""How mini-m3 was made: one file a job; see the model card's *Rebuild*. Nothing else imports this folder."""
