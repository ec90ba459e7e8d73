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
    private bool _isInterim;

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
        if ((Volatile.Read(ref _sent) == 0 && !_isInterim) || _isTunnel || buffer.IsEmpty)
            return count;
        if (count > 0)
            ReadStatus(buffer[..count]);
        else if (Volatile.Read(ref _sent) != 0)
            throw Lost(wasSent: true, cause: null);
        _wasUsed = true;
        Volatile.Write(ref _sent, 0);
        return count;
    }

    /// <summary>True if a response is due: a read or write that fails now loses the request.</summary>
    public readonly bool AwaitsResponse => _sent != 0 && !_isTunnel;

    /// <summary>The error of a read or write that failed.</summary>
    public readonly UpstreamConnectionLostException Lost(bool wasSent, Exception? cause) => new(_wasUsed, wasSent, cause);

    /// <summary>
    /// Looks for a 101, also behind other interim responses. After it the bytes are no longer HTTP, and either side can end the connection at
    /// any time.
    /// </summary>
    private void ReadStatus(ReadOnlySpan<byte> response)
    {
        do
        {
            _isTunnel = response is [(byte)'H', _, _, _, _, _, _, _, _, (byte)'1', (byte)'0', (byte)'1', ..];
            _isInterim = !_isTunnel && response is [(byte)'H', _, _, _, _, _, _, _, _, (byte)'1', ..];
            var end = _isInterim ? response.IndexOf("\r\n\r\n"u8) : -1;
            response = end < 0 ? [] : response[(end + 4)..];
        }
        while (!response.IsEmpty);
    }
}
