"""What exams of encoder-decoders share: networks in closed form, the pieces people get wrong in them, and which network
it is that a student wrote."""
