"""What page 00_from_text_to_vector needs: its live panel, a printed model beside another, exercises."""
