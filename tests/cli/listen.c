/* Listens at one of the ports at which X servers do, prints it, and answers nobody, until it is
 * killed. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    for (int port = 6000; port <= 6009; port++) {
        struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd >= 0 && bind(fd, (struct sockaddr *)&here, sizeof here) == 0 && listen(fd, 8) == 0) {
            printf("%d\n", port);
            fflush(stdout);
            for (;;)
                pause();
        }
    }
    return 1;
}
