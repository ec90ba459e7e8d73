namespace IngressController.Exchanges;

/// <summary>The reason why the proxy ends an exchange before its end.</summary>
internal enum EndReason
{
    /// <summary>The proxy has not ended it.</summary>
    None,

    /// <summary>The client took no bytes of a waiting response for the time that is allowed.</summary>
    Stalled,

    /// <summary>The body of the request came slower than the minimum rate.</summary>
    SlowBody,

    /// <summary>The request turned out to be malformed.</summary>
    Malformed,

    /// <summary>The process needs the memory that the exchange holds.</summary>
    Shed,
}
