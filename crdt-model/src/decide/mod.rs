//! The rules, one file a feature.
