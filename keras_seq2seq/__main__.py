"""`python -m keras_seq2seq` is the command line."""

from keras_seq2seq.cli.app import main

if __name__ == "__main__":
    main()
