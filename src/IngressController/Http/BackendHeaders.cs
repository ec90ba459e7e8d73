using Microsoft.Extensions.Primitives;

namespace IngressController.Http;

/// <summary>The header fields of a request to a backend, before it is sent.</summary>
internal abstract class BackendHeaders
{
    /// <summary>Adds fields and keeps those of the same name.</summary>
    public abstract void Add(string name, StringValues values);

    /// <summary>Removes all fields of a name.</summary>
    public abstract void Remove(string name);

    /// <summary>Removes all fields whose names are in a set.</summary>
    public abstract void RemoveAll(HeaderNameSet names);
}
