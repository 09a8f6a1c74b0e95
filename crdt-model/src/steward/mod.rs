//! Who may give numbers and grant calls: a small replicated log per connected group, partitioned when the network is.
