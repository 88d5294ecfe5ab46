"""What chapters' cells need and is too long for a page: diagrams, measurements. Imported from `book/`, in no wheel."""
