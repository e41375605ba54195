/* SHA-256 (FIPS 180-4) of an open file. */
#ifndef SHA256_H_
#define SHA256_H_

/* Writes 64 hexadecimal digits and NUL; false if the file cannot be read. */
int sha256_of_file(int file, char digits[65]);

#endif
