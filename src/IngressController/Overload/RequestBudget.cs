using IngressController.Exchanges;
using IngressController.Signals;

namespace IngressController.Overload;

/// <summary>
/// Counts what requests take when they begin, so that no number of them outgrows the memory before the monitor looks again, and refuses
/// those over the budget.
/// </summary>
internal sealed class RequestBudget(OverloadBudgets budgets, ClientConnections clients, OverloadActions actions)
{
    /// <summary>The part of the requests from which on a connection may have only as many as this.</summary>
    private const double Reserve = 0.8;
    private const int MaxOfConnection = 10;

    /// <summary>The most refused requests that may wait for their client to take the reason.</summary>
    private const int MaxRefused = 64;

    private int _count;
    private int _refused;
    private long _headerBytes;

    /// <summary>Requests in flight.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Bytes of the header fields of the requests that were counted.</summary>
    public long HeaderBytes => Volatile.Read(ref _headerBytes);

    /// <summary>Set when the monitor has to look at once.</summary>
    public Signal Crowded { get; } = new();

    /// <summary>The part of the budgets that is taken, from 0 to 1: of the one that is taken most.</summary>
    public double Usage => Math.Max(
        (double)Count / budgets.Requests, Math.Max((double)clients.BufferedBytes / budgets.BufferedBytes, (double)HeaderBytes / budgets.HeaderBytes));

    /// <summary>Counts a request. It must be disposed of when the request has ended, also if it is refused.</summary>
    public Admission Enter(HttpContext context, ClientConnection connection)
    {
        var count = Interlocked.Increment(ref _count);
        // While there are few requests, their fields cannot matter: reading them all would cost more than it tells.
        var headerBytes = count > budgets.Requests / 8 ? SizeOf(context.Request.Headers) : 0;
        var allHeaderBytes = headerBytes == 0 ? 0 : Interlocked.Add(ref _headerBytes, headerBytes);
        var isAdmitted = HasRoom(count, connection) && !actions.RefuseRequests.IsActive && clients.BufferedBytes <= budgets.BufferedBytes
            && connection.BufferedBytes <= budgets.BufferedBytesPerConnection && allHeaderBytes <= budgets.HeaderBytes;
        if (!actions.ShedStalled.IsActive && Usage >= actions.ShedStalled.Begin)
            Crowded.Set();
        if (isAdmitted)
            return new Admission(this, isAdmitted: true, hasRoomForReason: true, headerBytes);
        actions.RefuseRequests.Add(1);
        Leave(headerBytes);
        return new Admission(this, isAdmitted: false, Interlocked.Increment(ref _refused) <= MaxRefused, headerBytes);
    }

    private void Leave(int headerBytes)
    {
        Interlocked.Decrement(ref _count);
        if (headerBytes > 0)
            Interlocked.Add(ref _headerBytes, -headerBytes);
    }

    /// <summary>The last of the room is for connections with few requests, so that no one takes all of it between two looks.</summary>
    private bool HasRoom(int count, ClientConnection connection) =>
        count <= budgets.Requests * Reserve || (count <= budgets.Requests && connection.Count <= MaxOfConnection);

    private static int SizeOf(IHeaderDictionary headers)
    {
        var size = 0;
        foreach (var (name, values) in headers)
        {
            size += name.Length;
            foreach (var value in values)
                size += value?.Length ?? 0;
        }

        return size;
    }

    /// <summary>A counted request.</summary>
    internal readonly struct Admission(RequestBudget budget, bool isAdmitted, bool hasRoomForReason, int headerBytes) : IDisposable
    {
        /// <summary>False if the request must be refused.</summary>
        public bool IsAdmitted => isAdmitted;

        /// <summary>False if it must be refused without a body, which would wait for a client that does not read.</summary>
        public bool HasRoomForReason => hasRoomForReason;

        public void Dispose()
        {
            if (isAdmitted)
                budget.Leave(headerBytes);
            else
                Interlocked.Decrement(ref budget._refused);
        }
    }
}
