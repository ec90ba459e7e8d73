namespace IngressController.EventLoops;

/// <summary>What a socket's loop reports. Called on the loop, one at a time.</summary>
internal interface ILoopEvents
{
    /// <summary>There is something to receive, and a read waits for it.</summary>
    void OnReadable();

    /// <summary>There is room to send, and a write waits for it.</summary>
    void OnWritable();

    /// <summary>The peer has ended its side, or the connection is lost. There may be bytes before the end.</summary>
    void OnHangup();
}
