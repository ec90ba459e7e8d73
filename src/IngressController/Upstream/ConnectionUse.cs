namespace IngressController.Upstream;

/// <summary>
/// The use of an HTTP/1.1 connection to an endpoint, by the bytes that pass: how much of the current request was sent, and whether an earlier
/// one was answered. A request ends where bytes of a response arrive, as requests are not pipelined.
/// </summary>
internal struct ConnectionUse
{
    private long _sent;
    private bool _wasUsed;
    private bool _isTunnel;

    /// <summary>Records bytes before they are sent, so that a fast response cannot overtake the record.</summary>
    /// <returns>True if these are the first bytes of a request.</returns>
    public bool Sending(int bytes)
    {
        var isFirst = Volatile.Read(ref _sent) == 0;
        Volatile.Write(ref _sent, _sent + bytes);
        return isFirst;
    }

    /// <summary>Records the result of a read. Throws if the connection ended where a response was due.</summary>
    public int Received(ReadOnlySpan<byte> buffer, int count)
    {
        if (Volatile.Read(ref _sent) == 0 || _isTunnel || buffer.IsEmpty)
            return count;
        if (count == 0)
            throw Lost(wasSent: true, cause: null);
        // After a 101 the bytes are no longer HTTP, and either side can end the connection at any time.
        _isTunnel = buffer[..count] is [(byte)'H', _, _, _, _, _, _, _, _, (byte)'1', (byte)'0', (byte)'1', ..];
        _wasUsed = true;
        Volatile.Write(ref _sent, 0);
        return count;
    }

    /// <summary>True if a response is due: a read or write that fails now loses the request.</summary>
    public readonly bool AwaitsResponse => _sent != 0 && !_isTunnel;

    /// <summary>The error of a read or write that failed.</summary>
    public readonly UpstreamConnectionLostException Lost(bool wasSent, Exception? cause) => new(_wasUsed, wasSent, cause);
}
