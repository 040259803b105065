#!/bin/sh
# Instala latam-edge desde esta carpeta, sin internet / Instala o latam-edge a partir desta pasta, sem internet
#   sh instalar.sh              instalar
#   sh instalar.sh verify       comprobar la valija / conferir a maleta
#   sh instalar.sh uninstall    desinstalar
#   sudo sh instalar.sh --all-users     para todos los usuarios / para todos os usuários
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 3

# A double click opens no terminal: look for one, and come back in it.
if [ ! -t 1 ] && [ -n "${DISPLAY}${WAYLAND_DISPLAY}" ] && [ -z "$LATAM_EDGE_TERMINAL" ] && [ $# -eq 0 ]; then
    LATAM_EDGE_TERMINAL=1
    export LATAM_EDGE_TERMINAL
    for terminal in x-terminal-emulator gnome-terminal konsole xfce4-terminal mate-terminal lxterminal xterm; do
        if command -v "$terminal" >/dev/null 2>&1; then
            case $terminal in
                gnome-terminal) exec "$terminal" -- sh "$here/instalar.sh" ;;
                xfce4-terminal | mate-terminal) exec "$terminal" -x sh "$here/instalar.sh" ;;
                *) exec "$terminal" -e sh "$here/instalar.sh" ;;
            esac
        fi
    done
fi

good='import sys; sys.exit(sys.version_info < (3, 11))'
python=
for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null 2>&1 && "$name" -c "$good" 2>/dev/null; then
        python=$(command -v "$name")
        break
    fi
done

if [ -z "$python" ]; then
    # The stick may carry a whole Python. It is compared with the list before it is unpacked.
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64) kind=linux-x86_64 ;;
        Linux-aarch64) kind=linux-aarch64 ;;
        Darwin-arm64) kind=macos-arm64 ;;
        Darwin-x86_64) kind=macos-x86_64 ;;
        *) kind=none ;;
    esac
    name="latam-edge/python/$kind.tgz"
    place="${LATAM_EDGE_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/latam-edge}/python"
    for word in "$@"; do
        if [ "$word" = --all-users ]; then
            place=/usr/local/lib/latam-edge/python
            umask 022
        fi
    done
    if [ -f "$here/$name" ]; then
        sum=$( { sha256sum "$here/$name" || shasum -a 256 "$here/$name"; } 2>/dev/null | cut -c1-64)
        if [ -n "$sum" ] && grep -q "\"sha256\": \"$sum\"" "$here/latam-edge/manifest.json"; then
            if [ ! -x "$place/bin/python3" ]; then
                rm -rf "$place.part" && mkdir -p "$place.part" &&
                    tar -xzf "$here/$name" -C "$place.part" --strip-components=1 && sync &&
                    mv "$place.part" "$place" || exit 4
            fi
            python="$place/bin/python3"
        else
            echo "LE-153: $name falta o está dañado / está faltando ou danificado / is missing or damaged." >&2
        fi
    fi
fi

if [ -z "$python" ]; then
    echo "Hace falta Python 3.11 o más nuevo, y aquí no está. Pide a quien cuida la máquina que lo instale." >&2
    echo "É preciso Python 3.11 ou mais novo, e aqui não está. Peça a quem cuida da máquina que o instale." >&2
    echo "Python 3.11 or newer is needed and is not here. Ask whoever looks after this machine to install it." >&2
    code=3
else
    "$python" -I "$here/latam-edge/start.py" "$@"
    code=$?
fi
if [ -n "$LATAM_EDGE_TERMINAL" ]; then
    printf '\n[Enter] '
    read -r _
fi
exit "$code"
