<?php

// A new CodeIgniter logs nothing.
$config['log_threshold'] = 1;
