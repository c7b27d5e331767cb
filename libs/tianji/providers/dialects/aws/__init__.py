"""What all of AWS' model services share on the wire: binary frames and the form of errors."""
