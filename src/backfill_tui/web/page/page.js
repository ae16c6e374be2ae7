"use strict";

// Before the terminal is made, which reads both of its element when the page has loaded.
(() => {
  const terminal = document.getElementById("terminal");
  const here = new URL(window.location.href);
  const size = Number.parseInt(here.searchParams.get("fontsize") ?? "", 10);
  terminal.dataset.fontSize = String(size >= 6 && size <= 60 ? size : 16);

  // Of this page's own address, so that it is right behind a tunnel and a proxy too.
  const socket = new URL("ws", here);
  socket.protocol = here.protocol === "https:" ? "wss:" : "ws:";
  socket.search = "";
  socket.hash = "";
  terminal.dataset.sessionWebsocketUrl = socket.href;

  // The key is in a cookie by now, and need not stand in the address line and the history. The terminal knows
  // other parameters, one of which names a server to call.
  here.search = size ? `?fontsize=${size}` : "";
  window.history.replaceState(null, "", here.href);

  document.getElementById("again").addEventListener("click", () => window.location.reload());

  // Keys go to the terminal from the first on, without a click into it.
  const focus = () => document.querySelector(".xterm-helper-textarea")?.focus();
  window.addEventListener("load", () => window.setTimeout(focus));
  window.addEventListener("focus", focus);
})();
