"""A Singer tap that archives an Intercom workspace whole."""
