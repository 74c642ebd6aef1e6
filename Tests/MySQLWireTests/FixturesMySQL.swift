/// Payloads put together byte by byte after the MySQL manual, in hexadecimal.
enum MySQL {
    /// A greeting of MySQL 5.7.
    static let greeting57 = hex(
        """
        0a352e372e34342d6c6f670007000000212223242526272800ffff080200ffc11500000000000000000000292a2b2c2d
        2e2f3031323334006d7973716c5f6e61746976655f70617373776f726400
        """)
    /// A greeting of MySQL 8.4.
    static let greeting84 = hex(
        """
        0a382e342e320008000000212223242526272800ffffff0200ffdf1500000000000000000000292a2b2c2d2e2f303132
        33340063616368696e675f736861325f70617373776f726400
        """)
    /// A greeting of MySQL 9.1.
    static let greeting91 = hex(
        """
        0a392e312e300009000000212223242526272800ffffff0200ffdf1500000000000000000000292a2b2c2d2e2f303132
        33340063616368696e675f736861325f70617373776f726400
        """)
    /// A login of `app` with caching_sha2_password, three attributes and a zstd level.
    static let login = hex(
        """
        8da6ff1d00000001ff000000000000000000000000000000000000000000000061707000203e6e1d1225dfe8531b46e4
        7caf897453dba8211b1e2fdca5e10ef0f98718b18e73686f700063616368696e675f736861325f70617373776f726400
        330c5f636c69656e745f6e616d65086c69626d7973716c035f6f73054c696e75780c70726f6772616d5f6e616d65056d
        7973716c03
        """)
    /// The same client asks for TLS.
    static let tlsRequest = hex(
        """
        8daeff1d00000001ff0000000000000000000000000000000000000000000000
        """)
    /// `SELECT 1` with the attribute `trace`.
    static let queryWithAttributes = hex(
        """
        0301010001fe000574726163650661626331323353454c4543542031
        """)
    /// Statement 5 with one unsigned parameter and the attribute `when`.
    static let executeWithAttributes = hex(
        """
        170500000008010000000200010880000c00047768656effffffffffffffff07e807021d0c2238
        """)
    /// The challenge of the greetings.
    static let scramble = hex(
        """
        2122232425262728292a2b2c2d2e2f3031323334
        """)
}
