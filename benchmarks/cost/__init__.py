"""What a method costs: latency, memory, and the quality of cheaper precisions."""
