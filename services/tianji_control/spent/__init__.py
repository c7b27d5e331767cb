"""What holders of budgets have spent: in the window of now, and by hand."""
