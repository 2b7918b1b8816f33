"""Statistics of Vietnam's civil-judgment-enforcement agencies: from district workbooks to a published warehouse."""
