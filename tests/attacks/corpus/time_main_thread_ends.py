# Ends the main thread while another one sleeps: the process looks as if it were ending, and never does.
# limits: cell_seconds=1.5
# %% center
def center(x):
    import ctypes
    import threading
    import time

    threading.Thread(target=time.sleep, args=(1200,)).start()
    ctypes.CDLL(None).pthread_exit(None)
