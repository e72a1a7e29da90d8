"""Who responds: operators, their actions and errors, checklists."""
