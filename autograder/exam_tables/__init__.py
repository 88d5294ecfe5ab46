"""The exam of the exams: right and wrong implementations, what each of them loses, and the pages that say so."""
