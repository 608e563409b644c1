// A user who imports Braid has errors, reports and JSON files of the target below with it.
@_exported public import BraidSupport
