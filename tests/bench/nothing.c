// The cheapest program to start: what a command is compared with.
int main(void) { return 0; }
