using System.Diagnostics.CodeAnalysis;
using IngressController.EventLoops;

namespace IngressController.Upstream.Http1;

/// <summary>The connections to one endpoint.</summary>
internal sealed class Http1Pool(Http1Client client)
{
    private readonly Lock _lock = new();
    private readonly HashSet<Http1Connection> _all = [];
    // By the number of their loop, from 1; those of none are the first.
    private Stack<Http1Connection>[] _idle = [];
    // With those that have ended and were not removed yet.
    private int _idleCount;
    private bool _isRetired;

    /// <summary>Takes the connection that was used last, if possible one of this thread's loop; null if none is idle.</summary>
    public Http1Connection? TryTake()
    {
        while (true)
        {
            Http1Connection? connection;
            lock (_lock)
            {
                if (!TryPop(out connection))
                    return null;
                _idleCount--;
            }

            if (connection.IsClosed || !client.IsFresh(connection))
                connection.Abort();
            else if (connection.TryTake())
                return connection;
        }
    }

    /// <summary>Adds a new connection, which is in use. Null if the pool is not used any more.</summary>
    public Http1Connection? TryAdd(Stream stream)
    {
        lock (_lock)
        {
            if (_isRetired)
                return null;
            var connection = new Http1Connection(stream, this, client.Time);
            _all.Add(connection);
            return connection;
        }
    }

    /// <summary>Takes it out of use. False if it has connections.</summary>
    public bool TryRetire()
    {
        lock (_lock)
            return _isRetired = _all.Count == 0;
    }

    /// <summary>Keeps a connection after a complete response, or ends it.</summary>
    public void Return(Http1Connection connection)
    {
        connection.Requests++;
        if (!client.Keeps(connection, Volatile.Read(ref _idleCount)) || !connection.TryRelease())
        {
            connection.End();
            return;
        }

        lock (_lock)
        {
            IdleOf(connection.Loop).Push(connection);
            _idleCount++;
        }
    }

    /// <summary>Forgets a connection that has ended.</summary>
    public void Remove(Http1Connection connection)
    {
        lock (_lock)
            _all.Remove(connection);
    }

    /// <summary>Ends connections that are idle or wait for too long.</summary>
    public void Check(long now)
    {
        Http1Connection[] connections;
        lock (_lock)
        {
            connections = [.. _all];
            RemoveClosed();
        }

        foreach (var connection in connections)
            client.Check(connection, now);
    }

    /// <summary>Ends all connections.</summary>
    public void Close()
    {
        Http1Connection[] connections;
        lock (_lock)
            connections = [.. _all];
        foreach (var connection in connections)
            connection.Abort();
    }

    private Stack<Http1Connection> IdleOf(EventLoop? loop)
    {
        var number = NumberOf(loop);
        if (number >= _idle.Length)
            _idle = [.. _idle, .. Enumerable.Range(_idle.Length, number + 1 - _idle.Length).Select(_ => new Stack<Http1Connection>())];
        return _idle[number];
    }

    private bool TryPop([NotNullWhen(true)] out Http1Connection? connection)
    {
        var own = NumberOf(EventLoop.Current);
        if (own < _idle.Length && _idle[own].TryPop(out connection))
            return true;
        foreach (var idle in _idle)
        {
            if (idle.TryPop(out connection))
                return true;
        }

        connection = null;
        return false;
    }

    private void RemoveClosed()
    {
        foreach (var idle in _idle)
        {
            if (!idle.Any(connection => connection.IsClosed))
                continue;
            var kept = idle.Where(connection => !connection.IsClosed).Reverse().ToArray();
            _idleCount -= idle.Count - kept.Length;
            idle.Clear();
            foreach (var connection in kept)
                idle.Push(connection);
        }
    }

    private static int NumberOf(EventLoop? loop) => loop is null ? 0 : loop.Number + 1;
}
