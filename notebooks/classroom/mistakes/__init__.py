"""What page 10_mistakes needs: the mistakes themselves, what each costs, figures, a panel, exercises."""
