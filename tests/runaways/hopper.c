/* Forks and ends for ever, in C: a few thousand processes a second, for twenty seconds. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int ledger = open(argv[argc - 1], O_WRONLY);
    time_t until = time(NULL) + 20;
    char words[24];

    if (argc < 2 || ledger < 0)
        return 1;
    if (fork()) { /* the agent itself stays */
        while (time(NULL) < until)
            usleep(50000);
        return 0;
    }
    setsid();
    while (time(NULL) < until) {
        int length = snprintf(words, sizeof words, "%d\n", getpid());
        if (write(ledger, words, length) < 0)
            return 0;
        usleep(200);
        if (fork())
            _exit(0);
    }
    return 0;
}
