/* `sleepers LEDGER COUNT`: a third plain, a third in sessions of their own, a third daemons.
   Each says its pid into the FIFO, keeps it open and sleeps; a minute at the most. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void sleeper(int ledger) {
    char word[16];
    if (write(ledger, word, snprintf(word, sizeof word, "%d\n", getpid())) < 0) _exit(1);
    alarm(60);
    for (;;) pause();
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    int ledger = open(argv[1], O_WRONLY);
    if (ledger < 0) return 1;
    for (int number = 0; number < atoi(argv[2]) - 1; number++) {
        pid_t pid = fork();
        if (pid < 0) return 1;
        if (pid == 0) {
            if (number % 3 > 0) setsid();
            if (number % 3 > 1 && fork()) _exit(0);
            sleeper(ledger);
        }
        if (number % 3 > 1) waitpid(pid, NULL, 0);
    }
    sleeper(ledger);
}
