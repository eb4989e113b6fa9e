"""Turn camera raw files into paired training sets for exposure and colour correction."""
